export default (): string[] => ["loaded", "once"];
