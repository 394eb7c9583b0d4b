import type { Framework } from '../framework.ts';

/** Sarbanes-Oxley Act, section 404: the general IT controls that auditors commonly test; their ids are ours. */
export const SOX: Framework = {
  title: 'SOX section 404, general IT controls',
  controls: [
    {
      id: 'ITGC access: provisioning',
      title: 'Accounts made and removed',
      asks: 'Access to systems of financial reporting is granted and taken back in order.',
      facts: ['accounts'],
      notShown: 'Approvals, and which hosts serve financial reporting.',
    },
    {
      id: 'ITGC access: privileged',
      title: 'Privileged access',
      asks: 'Privileged access is restricted and watched.',
      facts: ['privileged', 'operators'],
      notShown: 'That each use had a reason.',
    },
    {
      id: 'ITGC access: authentication',
      title: 'Authentication',
      asks: 'Whoever uses a system is authenticated, and attempts are watched.',
      facts: ['authentication', 'failing_users'],
      notShown: 'Settings of passwords.',
    },
    {
      id: 'ITGC change',
      title: 'Changes of systems',
      asks: 'Changes are authorised and found where they are not.',
      facts: ['files', 'host_audit', 'audit'],
      notShown: 'The ticket behind a change, and changes in applications and databases.',
    },
    {
      id: 'ITGC operations: monitoring',
      title: 'Monitoring and incidents',
      asks: 'Problems are found, followed and solved.',
      facts: ['alerts', 'handling', 'incidents', 'losses'],
      notShown: 'Batch jobs and backups.',
    },
    {
      id: 'Section 802, 18 U.S.C. 1519',
      title: 'Records are not altered',
      asks: 'Records are not altered or destroyed, and kept while an investigation may need them.',
      facts: ['audit_chain', 'heads', 'retention_settings', 'holds'],
      notShown: 'Records of the audit itself (seven years, kept by the auditor).',
    },
  ],
};
