// The classes of the Open Cybersecurity Schema Framework that our events and alerts become, and the activity of each
// (schema.ocsf.io, version 1.3.0). type_uid is class_uid * 100 + activity_id.
import { Activity } from '../v1.ts';

export const OCSF_VERSION = '1.3.0';

const CATEGORIES = {
  0: 'Uncategorized',
  1: 'System Activity',
  2: 'Findings',
  3: 'Identity & Access Management',
  4: 'Network Activity',
  5: 'Discovery',
  6: 'Application Activity',
} as const;

const CLASSES = {
  0: 'Base Event',
  1001: 'File System Activity',
  1007: 'Process Activity',
  1008: 'Event Log Activity',
  2004: 'Detection Finding',
  3001: 'Account Change',
  3002: 'Authentication',
  3003: 'Authorize Session',
  3004: 'Entity Management',
  3006: 'Group Management',
  4001: 'Network Activity',
  4003: 'DNS Activity',
  5001: 'Device Inventory Info',
  6002: 'Application Lifecycle',
} as const;

export type OcsfClass = keyof typeof CLASSES;

/** 99 is "Other": then the name is ours. */
export interface OcsfActivity {
  classUid: OcsfClass;
  activityId: number;
  activityName: string;
}

const of = (classUid: OcsfClass, activityId: number, activityName: string): OcsfActivity => ({
  classUid,
  activityId,
  activityName,
});

/** What each of our activities is there. */
const OCSF_ACTIVITIES: Record<number, OcsfActivity> = {
  [Activity.LOGON]: of(3002, 1, 'Logon'),
  [Activity.LOGOFF]: of(3002, 2, 'Logoff'),
  [Activity.PRIVILEGE]: of(3003, 1, 'Assign Privileges'),
  [Activity.PREAUTH_CLOSED]: of(3002, 99, 'Closed before authentication'),
  [Activity.EXEC]: of(1007, 1, 'Launch'),
  [Activity.EXIT]: of(1007, 2, 'Terminate'),
  [Activity.CREDENTIALS_CHANGED]: of(1007, 5, 'Set User ID'),
  [Activity.TRACED]: of(1007, 3, 'Open'),
  [Activity.CONNECTION_OPENED]: of(4001, 1, 'Open'),
  [Activity.CONNECTION_CLOSED]: of(4001, 2, 'Close'),
  [Activity.LISTENING]: of(4001, 7, 'Listen'),
  [Activity.DNS_QUERY]: of(4003, 1, 'Query'),
  [Activity.FILE_CREATED]: of(1001, 1, 'Create'),
  [Activity.FILE_MODIFIED]: of(1001, 3, 'Update'),
  [Activity.FILE_DELETED]: of(1001, 4, 'Delete'),
  // Owner or mode: who may do what.
  [Activity.FILE_ATTRIBUTES]: of(1001, 7, 'Set Security'),
  [Activity.USER_CREATED]: of(3001, 1, 'Create'),
  [Activity.USER_DELETED]: of(3001, 6, 'Delete'),
  [Activity.USER_MODIFIED]: of(3001, 99, 'Modified'),
  [Activity.PASSWORD_CHANGED]: of(3001, 3, 'Password Change'),
  [Activity.GROUP_CREATED]: of(3006, 6, 'Create'),
  [Activity.GROUP_DELETED]: of(3006, 5, 'Delete'),
  [Activity.GROUP_MODIFIED]: of(3006, 99, 'Modified'),
  [Activity.SAMPLE]: of(5001, 2, 'Collect'),
  [Activity.INVENTORY_CHANGED]: of(5001, 1, 'Log'),
  [Activity.SERVICE_STARTED]: of(6002, 3, 'Start'),
  [Activity.SERVICE_STOPPED]: of(6002, 4, 'Stop'),
  [Activity.AUDIT_CONFIG]: of(1008, 99, 'Configuration changed'),
};

/** Base Event where the activity is one nobody has named. */
export function ocsfActivityOf(activity: number | null | undefined): OcsfActivity {
  return OCSF_ACTIVITIES[activity ?? 0] ?? of(0, 0, 'Unknown');
}

/** The members that say what an object is. */
export function ocsfHead({ classUid, activityId, activityName }: OcsfActivity) {
  const categoryUid = Math.floor(classUid / 1000) as keyof typeof CATEGORIES;
  return {
    category_uid: categoryUid,
    category_name: CATEGORIES[categoryUid],
    class_uid: classUid,
    class_name: CLASSES[classUid],
    activity_id: activityId,
    activity_name: activityName,
    type_uid: classUid * 100 + activityId,
    type_name: `${CLASSES[classUid]}: ${activityName}`,
  };
}
