export const environment = () => ({ names: Object.keys(process.env), pid: process.pid });
