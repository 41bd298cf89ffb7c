/**
 * node:http without the import statement. That reads every export, and one of them, WebSocket, is a getter which loads Node.js's own
 * undici: a quarter of a worker's start.
 */
export const http = process.getBuiltinModule("node:http");
