// How what we know is said to others: alerts, events and entries of the audit log as ECS, OCSF and CEF.
export { auditKeyOf } from './audit.ts';
export {
  EXPORT_FORMATS,
  type ExportFormat,
  exportAlert,
  exportAudit,
  exportEvent,
  FORWARD_FORMATS,
  type ForwardFormat,
} from './formats.ts';
export { alertKeyOf, type Exporter } from './source.ts';
