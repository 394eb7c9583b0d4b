import type { Framework } from '../framework.ts';

/** Regulation (EU) 2016/679. */
export const GDPR: Framework = {
  title: 'GDPR, Regulation (EU) 2016/679',
  controls: [
    {
      id: 'Art. 5(1)(e)',
      title: 'Storage limitation',
      asks: 'Personal data are kept no longer than their purpose needs.',
      facts: ['retention_settings', 'retention', 'holds'],
      notShown:
        'Why these times are right for the purpose; copies outside this store (backups, exports, forwarded events).',
    },
    {
      id: 'Art. 5(2), 30',
      title: 'Accountability, records of processing',
      asks: 'It can be shown what is processed, and who did.',
      facts: ['events', 'audit', 'audit_chain', 'operators'],
      notShown: 'The record of processing itself: controller, purposes, legal basis, recipients.',
    },
    {
      id: 'Art. 15, 20',
      title: 'Access of the person',
      asks: 'A person gets what is kept of them, in a common machine-readable form.',
      facts: ['subjects'],
      notShown: 'That the one who asked was the person, and was answered within a month.',
    },
    {
      id: 'Art. 17',
      title: 'Erasure',
      asks: 'Data are erased on request, where no duty to keep them goes before.',
      facts: ['subjects', 'holds'],
      notShown: 'Copies outside this store. Alerts and the audit log keep names as long as their retention says.',
    },
    {
      id: 'Art. 25, 32(1)(a)',
      title: 'Encryption',
      asks: 'Personal data are protected by state of the art encryption.',
      facts: ['transport', 'keys', 'certificates'],
      notShown: 'Encryption of the disks of hosts and of the database.',
    },
    {
      id: 'Art. 32(1)(b)',
      title: 'Confidentiality, integrity, availability',
      asks: 'Systems that process personal data keep these, and that is watched.',
      facts: ['authentication', 'privileged', 'audit_chain', 'heads', 'losses', 'agents'],
      notShown: 'Hosts that have no agent.',
    },
    {
      id: 'Art. 33, 34',
      title: 'Breaches',
      asks: 'A breach is noticed, documented and notified within 72 hours.',
      facts: ['alerts', 'incidents', 'handling'],
      notShown: 'Which incident was a breach of personal data, and when the authority and persons were told.',
    },
  ],
};
