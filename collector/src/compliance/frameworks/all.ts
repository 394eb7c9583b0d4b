import type { Framework } from '../framework.ts';
import { FISMA } from './fisma.ts';
import { GDPR } from './gdpr.ts';
import { HIPAA } from './hipaa.ts';
import { NIS2 } from './nis2.ts';
import { PCI_DSS } from './pci-dss.ts';
import { SOC2 } from './soc2.ts';
import { SOX } from './sox.ts';

/** By the name they are asked for with. */
export const FRAMEWORKS: ReadonlyMap<string, Framework> = new Map([
  ['gdpr', GDPR],
  ['soc2', SOC2],
  ['pci-dss', PCI_DSS],
  ['sox', SOX],
  ['fisma', FISMA],
  ['hipaa', HIPAA],
  ['nis2', NIS2],
]);
