import type { CloudQueue, Conflict, Pending } from '@cat-feeder/shared';
import { api } from '../api-client.ts';
import { clockText, dayText, weekdaysText } from '../format.ts';
import { say, sayCode, sayCount } from '../messages/say.ts';
import { cloud, cloudQueue, conflicts, isLive, zone } from '../state.ts';
import { Problems, useSaving } from './save-form.tsx';

type Group = Conflict['groups'][number];
type Values = Group['kept'];

const whenText = (ms: number) => `${dayText(ms, zone.value)}, ${clockText(ms, zone.value)}`;

/** The values of one group as people know them; a field that this page does not know, as it is. */
function valuesText(values: Values): string {
  if (values === null) return say('conflict.nothing');
  return Object.entries(values)
    .map(([field, value]) => `${sayCode('field', field)} ${valueText(field, value)}`)
    .join(', ');
}

function valueText(field: string, value: unknown): string {
  if (field === 'weekdays' && Array.isArray(value)) return weekdaysText(value);
  if (value === null) return say('conflict.none');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function GroupRow({ of: { group, outcome, kept, lost } }: { of: Group }) {
  return (
    <div>
      <dt>
        {sayCode('group', group)} <span class="soft">{sayCode('outcome', outcome)}</span>
      </dt>
      <dd>
        {say('conflict.kept')} {valuesText(kept)}
        <br />
        <span class="soft">
          {say('conflict.lost')} {valuesText(lost)}
        </span>
      </dd>
    </div>
  );
}

/** One press makes the lost edit again; the other leaves everything as it is. */
function Presses({ of: { id, canRestore } }: { of: Conflict }) {
  const saving = useSaving();
  const then = (change: Promise<unknown>) => () =>
    change.then(() => Promise.all([conflicts.refresh(), cloud.refresh()]));
  const isOff = saving.isBusy || !isLive.value;
  return (
    <>
      <div class="clip-actions">
        {canRestore && (
          <button
            type="button"
            disabled={isOff}
            onClick={() => saving.run(() => then(api.restoreConflict(id))())}
          >
            {say('conflict.restore')}
          </button>
        )}
        <button
          type="button"
          disabled={isOff}
          onClick={() => saving.run(() => then(api.dismissConflict(id))())}
        >
          {say('conflict.dismiss')}
        </button>
      </div>
      <Problems of={saving.problems} />
    </>
  );
}

function ConflictItem({ of: conflict }: { of: Conflict }) {
  const { kind, name, atMs, groups, reason, why, canRestore } = conflict;
  return (
    <li>
      <p class="strong">
        {sayCode('docKind', kind)} {name ?? say('conflict.gone')}
      </p>
      <p class="soft">{whenText(atMs)}</p>
      <dl class="facts">
        {groups.map((group) => (
          <GroupRow key={group.group} of={group} />
        ))}
      </dl>
      {reason !== null && <p class="soft">{say('conflict.reason', { reason })}</p>}
      {!canRestore && <p class="soft">{why}</p>}
      <Presses of={conflict} />
    </li>
  );
}

/** Edits of both sides that met, and that nobody has looked at yet. */
export function Conflicts() {
  const open = (conflicts.value.value ?? []).filter(({ state }) => state === 'open');
  if (open.length === 0) return null;
  return (
    <section aria-labelledby="conflicts-title">
      <h3 id="conflicts-title">{say('conflict.title')}</h3>
      <p>{sayCount('conflict.text', open.length)}</p>
      <ul class="reviews">
        {open.map((conflict) => (
          <ConflictItem key={conflict.id} of={conflict} />
        ))}
      </ul>
    </section>
  );
}

function PendingRow({ of: { what, name, atMs, why } }: { of: Pending }) {
  return (
    <li>
      {sayCode(what === 'command' ? 'command' : 'entry', name)}{' '}
      <span class="soft">
        {atMs !== null && `${whenText(atMs)}: `}
        {sayCode('pending', why)}
      </span>
    </li>
  );
}

/** What waits for the cloud, each with why. */
export function Queue() {
  const queue: CloudQueue | null = cloudQueue.value.value;
  if (queue === null || queue.items.length === 0) return null;
  const { items, waiting } = queue;
  const entries = items.filter(({ what }) => what === 'entry').length;
  return (
    <details>
      <summary>{sayCount('queue.summary', waiting)}</summary>
      <ul class="reviews">
        {items.map((one) => (
          <PendingRow key={one.id} of={one} />
        ))}
      </ul>
      {waiting > entries && <p class="soft">{say('queue.more', { count: waiting - entries })}</p>}
    </details>
  );
}
