/** The kinds of documents; a kind keeps its number for ever. */
export const documentKinds = {
  pet: 1,
  kibble: 2,
  meal: 3,
  plan: 4,
  overlay: 5,
  settings: 6,
  calibration: 7,
  unnamed_kibble: 8,
  hopper_calibration: 9,
} as const;
export type DocumentKind = keyof typeof documentKinds;

/**
 * Fields that change together. When the page and the cloud edit one document at the same time, a
 * group is taken or left as a whole: half of a time is never mixed with half of another. Fields
 * that no group names are in the group `rest`.
 */
const groupTable: Readonly<Record<DocumentKind, Readonly<Record<string, readonly string[]>>>> = {
  pet: { label: ['name'], body: ['bodyKg', 'lifeStage'], ration: ['rationGrams'], note: ['note'] },
  kibble: { label: ['name'], energy: ['kcalPer100g'], model: ['model', 'calibratedAtMs'] },
  meal: {
    label: ['name'],
    timing: ['time', 'weekdays', 'effectiveFromMs'],
    portion: ['portionGrams'],
    pet: ['petId'],
    missed: ['missedPolicy'],
    enabled: ['enabled'],
    plan: ['planId'],
  },
  plan: { label: ['name'] },
  overlay: {},
  settings: {
    label: ['name'],
    place: ['zone', 'location'],
    plan: ['activePlanId'],
    kibble: ['activeKibbleId'],
    caps: ['feedingGramsMax', 'hourGramsMax', 'dayGramsMax', 'planPercentMax'],
    gaps: ['scheduleGapMinutes', 'manualGapSeconds'],
    missed: ['graceMinutes', 'starveLimitHours', 'deadManMinutes'],
    bowl: ['bowlFullGrams'],
    quiet: ['quietHours'],
    camera: ['cameraOn', 'cameraMealsOnly', 'cameraPrivacyHours'],
    cloud: ['cloudClips'],
  },
  calibration: {
    tare: ['zeroCounts', 'noiseGrams', 'taredAtMs'],
    span: ['countsPerGram', 'spannedAtMs'],
  },
  unnamed_kibble: { model: ['model'] },
  // One group: a span belongs to the zero it was taken from.
  hopper_calibration: { calibration: ['calibration'] },
};

export type Fields = Readonly<Record<string, unknown>>;
export type Groups = Record<string, Record<string, unknown>>;

const groupOf = new Map<string, string>();
for (const [kind, groups] of Object.entries(groupTable)) {
  for (const [group, fields] of Object.entries(groups)) {
    for (const field of fields) groupOf.set(`${kind}.${field}`, group);
  }
}

/** A document's fields, sorted into its groups. */
export function toGroups(kind: DocumentKind, fields: Fields): Groups {
  const groups: Groups = {};
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const group = groupOf.get(`${kind}.${field}`) ?? 'rest';
    groups[group] ??= {};
    groups[group][field] = value;
  }
  return groups;
}

/** The fields of all groups together. */
export function fromGroups(groups: Groups): Record<string, unknown> {
  return Object.assign({}, ...Object.values(groups));
}

/** The groups in which two forms of a document differ. */
export function changedGroups(before: Groups, after: Groups): string[] {
  return Object.keys(after).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
}
