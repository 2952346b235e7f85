import type { CloudView } from '@cat-feeder/shared';
import { useEffect } from 'preact/hooks';
import { api } from '../api-client.ts';
import { agoText, countdownText } from '../format.ts';
import { say, sayCode, sayCount } from '../messages/say.ts';
import { cloud, cloudQueue, conflicts, hasCloud, isLive } from '../state.ts';
import { Conflicts, Queue } from './cloud-review.tsx';
import { Problems, useSaving } from './save-form.tsx';

/** The link changes by itself, and nobody tells the page. */
const LOOK_AGAIN_MS = 3_000;
const MINUTE_S = 60;
const SECOND_MS = 1000;

const tones: Readonly<Record<CloudView['state'], string>> = {
  unclaimed: 'calm',
  off: 'calm',
  resting: 'warn',
  connecting: 'calm',
  online: 'good',
  local: 'warn',
};

type Claim = NonNullable<CloudView['claim']>;

/** The code for the owner, then the account that typed it. */
function ClaimBox({ claim }: { claim: Claim }) {
  const saving = useSaving();
  const { account, code, secondsLeft } = claim;
  const then = (change: Promise<unknown>) => change.then(() => cloud.refresh());
  return (
    <div>
      <p role="status">
        {account === null
          ? say('cloud.codeText', { minutes: Math.ceil(secondsLeft / MINUTE_S) })
          : say('cloud.askText')}
      </p>
      <p class="strong">{account ?? code}</p>
      <div class="clip-actions">
        {account !== null && (
          <button
            type="button"
            disabled={saving.isBusy || !isLive.value}
            onClick={() => saving.run(() => then(api.agreeToAccount(account)))}
          >
            {say('cloud.agree')}
          </button>
        )}
        <button
          type="button"
          disabled={saving.isBusy || !isLive.value}
          onClick={() => saving.run(() => then(api.cancelClaim()))}
        >
          {say('cloud.cancel')}
        </button>
      </div>
      <Problems of={saving.problems} />
    </div>
  );
}

type ButtonName = 'cloud.claim' | 'cloud.claimAgain' | 'cloud.unlink' | 'cloud.now';

function LinkButton({ name, act }: { name: ButtonName; act: () => Promise<unknown> }) {
  const saving = useSaving();
  const press = () => saving.run(() => act().then(() => cloud.refresh()));
  return (
    <>
      <button type="button" disabled={saving.isBusy || !isLive.value} onClick={press}>
        {say(name)}
      </button>
      <Problems of={saving.problems} />
    </>
  );
}

/** Claimed again, a feeder is the same one to the cloud; unlinked first, it would be another. */
function LinkButtons({ view }: { view: CloudView }) {
  if (view.account === null) return <LinkButton name="cloud.claim" act={api.beginClaim} />;
  return (
    <>
      {(view.state === 'local' || view.cloned) && (
        <LinkButton name="cloud.claimAgain" act={api.beginClaim} />
      )}
      <LinkButton name="cloud.unlink" act={api.unlinkCloud} />
    </>
  );
}

function clipsText({ waiting, isSending, why }: NonNullable<CloudView['clips']>): string {
  const text = sayCount('cloud.clipsOf', waiting);
  if (why !== '') return `${text}: ${why}`;
  return isSending ? say('cloud.clipsSending', { text }) : text;
}

function Facts({ view }: { view: CloudView }) {
  const { account, url, waiting, why, secondsSinceAnswer, clips } = view;
  const nextTry = cloudQueue.value.value?.nextTrySeconds ?? null;
  const rows: [string, string][] = [[say('cloud.address'), url]];
  if (account !== null) {
    rows.push([say('cloud.account'), account]);
    rows.push([say('cloud.waiting'), sayCount('cloud.waitingOf', waiting)]);
    const seconds = secondsSinceAnswer;
    rows.push([
      say('cloud.answered'),
      seconds === null ? say('cloud.never') : agoText(seconds * SECOND_MS),
    ]);
  }
  if (account !== null) rows.push([say('cloud.doorbell'), sayCode('bell', view.doorbell)]);
  if (clips?.isOn === true) rows.push([say('cloud.clips'), clipsText(clips)]);
  if (why !== '') rows.push([say('cloud.why'), why]);
  if (account !== null && nextTry !== null) {
    rows.push([say('cloud.nextTry'), countdownText(nextTry * SECOND_MS)]);
  }
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The link to the cloud: how it stands, and how the feeder comes to an account. */
export function CloudSection() {
  const isThere = hasCloud.value;
  useEffect(() => {
    if (!isThere) return undefined;
    const look = () => {
      for (const one of [cloud, cloudQueue, conflicts]) void one.refresh();
    };
    look();
    const timer = setInterval(look, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isThere]);
  const view = cloud.value.value;
  if (!isThere || view === null) return null;
  return (
    <section class="settings" aria-labelledby="cloud-title">
      <h2 id="cloud-title">{say('cloud.title')}</h2>
      <p>
        <span class={`chip chip-${tones[view.state]}`}>{sayCode('cloudState', view.state)}</span>{' '}
        {view.state === 'unclaimed' && say('cloud.unclaimedText')}
      </p>
      <Facts view={view} />
      {/* While the feeder waits before its next try, nobody else has to. */}
      {view.state === 'resting' && <LinkButton name="cloud.now" act={api.hurryCloud} />}
      {view.cloned && <p role="alert">{say('cloud.cloned')}</p>}
      <Queue />
      <Conflicts />
      {view.claim === null ? <LinkButtons view={view} /> : <ClaimBox claim={view.claim} />}
    </section>
  );
}
