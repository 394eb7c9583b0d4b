import { join } from 'node:path';
import protobuf from 'protobufjs';

const HEADER = '// Written by npm run generate.\n';

/** The messages, enums and services of some .proto files. Imports are looked for below `root`. */
export function readProtos(root: string, files: readonly string[]): protobuf.ReflectionObject[] {
  const tree = new protobuf.Root();
  tree.resolvePath = (_origin, target) => join(root, target);
  tree.loadSync([...files]);
  tree.resolveAll();
  return [...(tree.lookup('threatguard.v1') as protobuf.Namespace).nestedArray].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

/** A module with, for each message and enum, a value that encodes and decodes and a type of the same name. */
export function messagesModule(declared: readonly protobuf.ReflectionObject[]): string {
  const lines = declared.flatMap((one) => {
    if (one instanceof protobuf.Service) return [];
    const shape = one instanceof protobuf.Enum ? '' : '.$Properties';
    return [
      `export const ${one.name} = v1.${one.name};`,
      `export type ${one.name} = threatguard.v1.${one.name}${shape};`,
    ];
  });
  return `${HEADER}import '../without-long.ts';
import { threatguard } from './v1.js';

const v1 = threatguard.v1;

${lines.join('\n')}
`;
}

/** A module with each service as grpc-js takes it: `service Hunt` is huntService. */
export function servicesModule(declared: readonly protobuf.ReflectionObject[]): string {
  const services = declared.filter((one) => one instanceof protobuf.Service);
  const used = new Set(services.flatMap((one) => one.methodsArray.flatMap((m) => [m.requestType, m.responseType])));
  return `${HEADER}import { method } from '../method.ts';
import {
${[...used]
  .sort()
  .map((name) => `  ${name},`)
  .join('\n')}
} from './messages.ts';

${services.map(serviceText).join('\n')}`;
}

function serviceText(service: protobuf.Service): string {
  const methods = service.methodsArray.map((one) => {
    const streams = [one.requestStream && 'request: true', one.responseStream && 'response: true'].filter(Boolean);
    const types = [one.requestType, one.responseType];
    const last = streams.length > 0 ? `, { ${streams.join(', ')} }` : '';
    return `  ${lowerFirst(one.name)}: method<${types.join(', ')}>('${service.name}/${one.name}', ${types.join(', ')}${last}),`;
  });
  return `export const ${lowerFirst(service.name)}Service = {\n${methods.join('\n')}\n};\n`;
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
