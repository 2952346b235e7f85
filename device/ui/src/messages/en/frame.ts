/** Texts of the frame around every view. */
export const frame = {
  'app.name': 'Feeder',

  'nav.label': 'Views',
  'nav.skip': 'Skip to content',
  'nav.home': 'Home',
  'nav.plan': 'Plan',
  'nav.cats': 'Cats',
  'nav.system': 'System',

  'action.add': 'Add',
  'action.edit': 'Edit',
  'action.close': 'Close',
  'action.save': 'Save',
  'action.saving': 'Saving…',
  'action.remove': 'Remove',
  'action.removeReally': 'Really remove?',
  'action.dismiss': 'Dismiss',
  'save.noAnswer':
    'The feeder did not answer, so it is not known whether this was stored. Look again before you repeat it.',

  'unit.g': 'g',
  'unit.grams': '{grams} g',
  'unit.gramsRange': '{low} to {high} g',

  'time.days.one': '{count} day',
  'time.days.other': '{count} days',
  'time.hoursMinutes': '{hours} h {minutes} min',
  'time.minutesSeconds': '{minutes} min {seconds} s',
  'time.seconds': '{seconds} s',
  'time.daysAgo.one': '{count} day ago',
  'time.daysAgo.other': '{count} days ago',
  'time.hoursAgo': '{hours} h ago',
  'time.minutesAgo': '{minutes} min ago',
  'time.justNow': 'just now',
  'days.every': 'Every day',
  'days.weekdays': 'Monday to Friday',
  'days.weekend': 'Saturday and Sunday',

  'link.connecting': 'Connecting',
  'link.live': 'Live',
  'link.lost': 'Connection lost',
  'link.asleep': 'Paused',
  'link.simulated': 'Simulated',
  'link.lostTitle': 'No connection to the feeder',
  'link.lostText':
    'What you see is old. The feeder keeps to its plan by itself. Feeding from this page is off until it answers; nothing is sent later.',
  'link.lostSince': 'Last heard at {time}.',

  'stop.button': 'Stop',
  'stop.label': 'Stop the motor now',
  'stop.sending': 'Stopping…',
  'stop.stopped': 'The motor is off. The plan goes on with the next meal.',
  'stop.stillOn': 'The feeder answered, but its motor still turns. Pull the plug.',
  'stop.noAnswer': 'The feeder did not answer. If the motor turns, pull the plug.',
} as const;
