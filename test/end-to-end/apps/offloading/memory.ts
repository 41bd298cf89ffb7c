/** Memory of all threads. */
export default () => ({ memory: new SharedArrayBuffer(8) });
