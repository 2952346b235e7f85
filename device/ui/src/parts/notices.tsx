import type { FaultView } from '@cat-feeder/shared';
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { api } from '../api-client.ts';
import { clockText, timeText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { link, lostAtMs, refreshStatus, settings, status, zone } from '../state.ts';

/** How bad a notice is; it is said in words too, never by colour alone. */
type Weight = 'bad' | 'warn' | 'calm';

interface NoticeProps {
  readonly weight: Weight;
  readonly title: string;
  readonly children: ComponentChildren;
}

/** One thing a person should know, with what to do about it. */
export function Notice({ weight, title, children }: NoticeProps) {
  return (
    <div class={`notice notice-${weight}`}>
      <div class="notice-text">
        <p class="notice-title">{title}</p>
        {children}
      </div>
    </div>
  );
}

const clearing = signal<string | null>(null);
const clearError = signal<string | null>(null);

/** Tells the feeder that a person has mended the cause. */
export async function clearFault(fault: string): Promise<void> {
  clearing.value = fault;
  clearError.value = null;
  try {
    await api.clearFault(fault);
    await refreshStatus();
  } catch (error) {
    clearError.value = error instanceof Error ? error.message : String(error);
  } finally {
    clearing.value = null;
  }
}

function FaultNotice({ fault }: { fault: FaultView }) {
  return (
    <div class={`notice ${fault.effect === 'retry' ? 'notice-warn' : 'notice-bad'}`}>
      <div class="notice-text">
        <p class="notice-title">
          {sayCode('fault', fault.fault)}{' '}
          <span class="notice-since">
            {say('fault.since', { time: timeText(fault.sinceMs, zone.value) })}
          </span>
        </p>
        <p>{fault.why}</p>
        <p>
          {fault.advice} {sayCode('effect', fault.effect)}
        </p>
        {clearError.value !== null && <p class="field-error">{clearError.value}</p>}
      </div>
      <button
        type="button"
        disabled={clearing.value === fault.fault || link.value !== 'live'}
        onClick={() => void clearFault(fault.fault)}
      >
        {say('fault.clear')}
      </button>
    </div>
  );
}

function LinkNotice() {
  if (link.value !== 'lost') return null;
  const at = lostAtMs.value;
  return (
    <Notice weight="bad" title={say('link.lostTitle')}>
      <p>
        {say('link.lostText')}{' '}
        {at !== null && say('link.lostSince', { time: clockText(at, zone.value) })}
      </p>
    </Notice>
  );
}

function ClockNotice() {
  const quality = status.value?.clockQuality;
  if (quality !== 'estimated' && quality !== 'unknown') return null;
  return (
    <Notice weight="warn" title={say(`clock.${quality}.title`)}>
      <p>{say(`clock.${quality}.text`)}</p>
    </Notice>
  );
}

/** A new feeder keeps UTC until somebody says where it stands. */
function ZoneNotice() {
  const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (settings.value.value?.zone !== 'UTC' || browserZone === 'UTC') return null;
  return (
    <Notice weight="calm" title={say('zone.title')}>
      <p>
        {say('zone.text', { zone: browserZone })} <a href="#/system">{say('zone.set')}</a>
      </p>
    </Notice>
  );
}

/** All that is wrong now, worst first. An empty list takes no room. */
export function Notices() {
  const now = status.value;
  return (
    <div class="notices" role="status">
      <LinkNotice />
      {now?.faults.map((fault) => (
        <FaultNotice key={fault.fault} fault={fault} />
      ))}
      {now !== null && !now.storage.ok && (
        <Notice weight="bad" title={say('storage.badTitle')}>
          <p>{now.storage.why}</p>
        </Notice>
      )}
      {now?.alerts.map((alert) => (
        <Notice
          key={alert.alert + alert.subject}
          weight="warn"
          title={sayCode('alert', alert.alert)}
        >
          <p>{alert.why}</p>
        </Notice>
      ))}
      <ClockNotice />
      <ZoneNotice />
    </div>
  );
}
