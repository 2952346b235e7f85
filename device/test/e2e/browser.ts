import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Debian's browser; another one can be named. */
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** Runs in the page before its own code: what the policy blocked becomes a console error. */
const REPORT_POLICY = `addEventListener('securitypolicyviolation', (event) => {
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample);
});`;

/** Starts the browser without a window. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags });
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
}

/** A page with everything written down that it must not do. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Console errors and warnings, uncaught errors and policy violations. */
  readonly complaints: string[];
  /** Requests to any other place than the feeder. */
  readonly foreign: string[];
}

/** Opens the page of a feeder and watches what it does. */
export async function openPage(browser: Browser, url: string, look: Look): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
    reducedMotion: 'reduce',
    timezoneId: 'America/New_York',
  });
  const complaints: string[] = [];
  const foreign: string[] = [];
  await context.addInitScript({ content: REPORT_POLICY });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) foreign.push(request.url());
  });
  await page.goto(url);
  return { page, context, complaints, foreign };
}
