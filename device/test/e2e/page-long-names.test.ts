import { NAME_LENGTH_MAX, NOTE_LENGTH_MAX } from '@cat-feeder/shared';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { desk, PageStage, phone } from './page-stage.ts';

const stage = PageStage.forThisFile();
/** As long as a name may be, with nowhere to break. */
const long = (letter: string) => letter.repeat(NAME_LENGTH_MAX);

/** Everything that an owner names, named as long as it may be. */
function nameAtLength(): void {
  const { feeder } = stage;
  feeder.settings = { ...feeder.settings, name: long('F') };
  for (const pet of feeder.pets.list()) {
    feeder.pets.change(pet.id, { name: long('P'), note: 'N'.repeat(NOTE_LENGTH_MAX) });
  }
  for (const meal of feeder.meals.list()) feeder.meals.change(meal.id, { name: long('M') });
  for (const kibble of feeder.kibbles.list()) feeder.kibbles.change(kibble.id, { name: long('K') });
  const mealId = feeder.meals.list().at(-1)?.id ?? '';
  const kept = { rev: 1, createdAtMs: feeder.wallMs() };
  feeder.overlays = [
    { ...kept, id: feeder.newId()(), kind: 'skip', mealId, date: '2026-11-23' },
    {
      ...kept,
      id: feeder.newId()(),
      kind: 'pause',
      untilMs: feeder.wallMs() + 3_600_000,
      note: 'O'.repeat(NOTE_LENGTH_MAX),
    },
  ];
  feeder.raise('jam', 'W'.repeat(200));
  feeder.alerts = [
    { alert: 'dead_man', subject: null, sinceMs: feeder.wallMs(), why: `${long('M')} was due.` },
  ];
}

/** What stands out of its box to the side, by its class and the start of its text. */
async function expectNothingStandsOut(page: Page, where: string): Promise<void> {
  const wide =
    await page.evaluate(`[...document.querySelectorAll('body, main, main *, dialog, dialog *')]
    .filter((one) => one.closest('.visually-hidden, svg, select') === null)
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5
      || (one.localName === 'dialog' && one.scrollWidth > one.clientWidth))
    .map((one) => one.localName + '.' + one.className + ' ' + one.textContent.slice(0, 12))`);
  expect(wide, where).toEqual([]);
  const width = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  expect(width, where).toBe(0);
  // The page's own words are not broken to make room: one line each.
  const broken = await page.evaluate(`[...document.querySelectorAll('button, nav a, .ration-grams')]
    .filter((one) => one.getBoundingClientRect().height > 64)
    .map((one) => one.textContent)`);
  expect(broken, where).toEqual([]);
  // A word is broken where it does not fit on a line of its own, and a label is not split by its field.
  const split = await page.evaluate(`const textOf = (one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return range.getBoundingClientRect();
    };
    [...document.querySelectorAll('.pairs dt, label[for]')]
    .filter((one) => one.localName === 'dt' && textOf(one).height > 40
      || one.nextElementSibling?.matches('input.short')
        && one.nextElementSibling.getBoundingClientRect().top < textOf(one).bottom)
    .map((one) => one.textContent)`);
  expect(split, where).toEqual([]);
}

describe('names of the greatest length', () => {
  it.each([phone, { ...phone, width: 768 }, desk])(
    'fit on every view at $width px',
    async (look) => {
      nameAtLength();
      const page = await stage.open(look);
      const slots = page.getByRole('listitem').filter({ hasText: long('M') });
      await slots
        .filter({ hasText: long('P') })
        .first()
        .waitFor();
      await page
        .getByRole('button', { name: /^Why\?/ })
        .first()
        .click();
      for (const view of ['Home', 'Plan', 'Cats', 'System']) {
        await page.getByRole('link', { name: view, exact: true }).click();
        await page.getByRole('heading', { level: 1, name: view }).waitFor();
        await expectNothingStandsOut(page, view);
      }
      await page.getByText(long('K')).first().waitFor();
      await expectNothingStandsOut(page, 'System, read');
      stage.expectClean();
    },
  );

  it('fit in the forms, and are read out of them as they were', async () => {
    nameAtLength();
    const page = await stage.open(phone);
    await page.getByRole('link', { name: 'Plan' }).click();
    await page
      .getByRole('button', { name: /^Edit M/ })
      .first()
      .click();
    await expectNothingStandsOut(page, 'a meal');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(stage.feeder.meals.list()[0]?.name).toBe(long('M'));
    await page.getByRole('link', { name: 'Cats' }).click();
    await page
      .getByRole('button', { name: /^Edit P/ })
      .first()
      .click();
    await expectNothingStandsOut(page, 'a cat');
    stage.expectClean();
  });
});
