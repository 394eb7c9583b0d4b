import protobuf from 'protobufjs/minimal.js';

// 64-bit fields are plain numbers (microseconds and counts stay below 2^53): without Long, protobufjs reads and writes
// them so. Must be evaluated before the generated code, which asks for Long as it loads.
protobuf.util.Long = undefined as unknown as typeof protobuf.util.Long;
protobuf.configure();
