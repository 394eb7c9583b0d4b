// What a set of network events comes to. Pure: events in, counts out.
import { Activity, type StoredEvent } from '@threatguard/proto';

/** Of each list. */
const LISTED_MAX = 20;
const LISTENING_MAX = 200;

class Tally {
  readonly #counts = new Map<string, { connections: number; bytes: number }>();

  add(name: string | undefined, bytes: number): void {
    if (!name) return;
    const count = this.#counts.get(name) ?? { connections: 0, bytes: 0 };
    this.#counts.set(name, { connections: count.connections + 1, bytes: count.bytes + bytes });
  }

  get size(): number {
    return this.#counts.size;
  }

  names(): string[] {
    return [...this.#counts.keys()];
  }

  top(): { name: string; connections: number; bytes: number }[] {
    return Array.from(this.#counts, ([name, count]) => ({ name, ...count }))
      .sort((a, b) => b.connections - a.connections || b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
      .slice(0, LISTED_MAX);
  }
}

/** What passed, by whom and whereto; a connection counts when it opened, its bytes when it closed. */
export class NetworkPicture {
  connections = 0;
  bytes = 0;
  readonly #hosts = new Tally();
  readonly #destinations = new Tally();
  readonly #sources = new Tally();
  readonly #ports = new Tally();
  readonly #programs = new Tally();
  readonly #questions = new Tally();
  readonly #listening = new Map<string, { host: string; address: string; port: number; program: string }>();

  add({ event, agentName = '' }: StoredEvent): void {
    const network = event?.network;
    if (!network) return;
    const program = event.process?.executable || event.process?.name || '';
    if (event.activity === Activity.DNS_QUERY) {
      this.#questions.add(network.questionName, 0);
      return;
    }
    if (event.activity === Activity.LISTENING) {
      const place = { host: agentName, address: network.sourceAddress ?? '', port: network.sourcePort ?? 0, program };
      if (this.#listening.size < LISTENING_MAX) this.#listening.set(JSON.stringify(place), place);
      return;
    }
    const bytes = (network.bytesSent ?? 0) + (network.bytesReceived ?? 0);
    this.bytes += bytes;
    // Its opening may lie outside the window, or never have been seen.
    if (event.activity !== Activity.CONNECTION_OPENED && bytes === 0) return;
    this.connections++;
    this.#hosts.add(agentName, bytes);
    this.#destinations.add(network.destinationAddress, bytes);
    this.#sources.add(network.sourceAddress, bytes);
    this.#ports.add(
      network.destinationPort ? `${network.transport || 'tcp'}/${network.destinationPort}` : undefined,
      bytes,
    );
    this.#programs.add(program, bytes);
  }

  /** Addresses it speaks of, those with most connections first. */
  addresses(): string[] {
    return [...this.#destinations.top(), ...this.#sources.top()].map(({ name }) => name);
  }

  describe() {
    return {
      connections: this.connections,
      bytes: this.bytes,
      hosts: this.#hosts.size,
      destinations: this.#destinations.top(),
      sources: this.#sources.top(),
      ports: this.#ports.top(),
      programs: this.#programs.top(),
      listening: [...this.#listening.values()],
      questions: this.#questions.top().map(({ name, connections }) => ({ name, count: connections })),
    };
  }
}
