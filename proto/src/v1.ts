// The messages and services of threatguard/v1. A type names a message's shape (every field may be absent, as on the
// wire); the value of the same name encodes and decodes it. All is written from the .proto files by npm run generate.
export * from './gen/messages.ts';
export * from './gen/services.ts';
