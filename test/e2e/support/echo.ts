/** A program that answers everything with what it got, to the byte, so that a test sees what the proxies made of it. */
export const echoProgram = `
const { createServer } = require('node:http');
const server = createServer((request, response) => {
  const got = JSON.stringify({ echo: { method: request.method, target: request.url } });
  response.setHeader('x-got', Buffer.from(got).toString('base64'));
  response.end(got);
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));
`;
