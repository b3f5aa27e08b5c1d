// Answers every call with what it read on stdin: what is left of a call's cost is the client's. A process of its own.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const template = await text(process.stdin);
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const body = template.replace('"NOW"', `"${Date.now()}"`); // the bucket was never seen before it was credited
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(body) }).end(body);
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
