/** The words of the models. */
import { asCount, asDay, asShare } from './format';
import { customers, plural } from './strings.counting';

export const models = {
  heading: 'Models',
  lead: 'What they foretell of each customer becomes a criterion of the rules. Here is how far each can be trusted.',
  none: 'No model is declared',
  noneHelp: 'A model is one file in the folder “models” of the workspace.',
  untrained: 'Not trained yet',
  untrainedHelp: (model: string) => `Until it is, rules cannot use it: segml train ${model}`,
  horizon: (days: number) => `Foretells the next ${plural(days, 'day', 'days')}`,
  champion: (version: number, since: string) => `Version ${version}, champion since ${asDay(since)}`,
  threshold: (score: number) => `Its segment begins at a score of ${asShare(score)}`,
  mlflow: 'Open in MLflow',
  field: (label: string) => `Fills the criterion “${label}”`,

  certificate: {
    title: 'What is promised of it',
    help: 'A certificate is a proof on customers that the model had not seen, with a date on which it ends.',
    of: { all: 'Of all customers', active: 'Of active customers' } as Record<string, string>,
    certified: 'Certified',
    notCertified: 'Not certified',
    withdrawn: 'Withdrawn',
    withdrawnOn: (since: string, why: string) => `Withdrawn on ${asDay(since)}: ${why}`,
    expired: 'Expired',
    until: (day: string) => `Valid until ${asDay(day)}`,
  },

  scores: {
    title: 'Beside the simplest ways to foretell it',
    help: (n: number, positives: number) => `Judged on ${asCount(n)} forecasts of past nights, ${asShare(positives / Math.max(1, n))} of which came true.`,
    population: 'Which customers',
    who: { active: 'Active customers', all: 'All customers' } as Record<string, string>,
    score: 'Way to foretell',
    model: 'This model',
    baselines: {
      recency: 'Days since the last order',
      frequency: 'Number of orders',
      rfm_logistic: 'RFM logistic',
      bg_nbd: 'BG/NBD',
      pareto_nbd: 'Pareto/NBD',
      distance: 'Distance to the next tier',
      pace: 'Pace of spending',
      best_possible: 'The best possible',
    } as Record<string, string>,
    measures: {
      auc: { label: 'AUC', help: 'How often a customer to whom it happened is scored above one to whom it did not. More is better.' },
      log_loss: { label: 'Log loss', help: 'How far the forecasts are from what happened. Less is better.' },
      brier: { label: 'Brier', help: 'Mean squared error of the forecasts. Less is better.' },
      ece: { label: 'Calibration error', help: 'How far a forecast of 70 % is from seven in ten. Less is better.' },
      ap: { label: 'Average precision', help: 'How clean the top of the list is. More is better.' },
      lift_10: { label: 'Lift in the top tenth', help: 'How many times as many as by chance are in the highest tenth. More is better.' },
    },
    best: 'best',
    missing: 'This version was kept before judgements were. Train the model again to see them.',
  },

  calibration: {
    title: 'Does 70 % mean seven in ten?',
    help: 'Each dot is a tenth of the customers. On the line, what was foretold is what came true.',
    foretold: 'Foretold',
    observed: 'Came true',
    customers: 'Customers',
    table: 'Calibration in numbers',
    chart: (points: number) => `${plural(points, 'tenth', 'tenths')} of the customers: what was foretold against what came true`,
  },

  matured: {
    title: 'What has come true since',
    help: 'Of those it named on a night, how many it was right about once the time was over.',
    night: 'Night',
    seen: 'Named',
    correct: 'Right',
    share: 'Precision',
    none: 'No forecast has come of age yet.',
  },

  drift: {
    title: 'Have its inputs moved?',
    help: (as_of: string) => `On the night of ${asDay(as_of)}, against about a month before.`,
    field: 'Input',
    psi: 'Moved by',
    threshold: 'Counts from',
    drifted: 'Moved',
    steady: 'Steady',
    none: 'No night has measured it yet.',
    still: (n: number) => `All ${plural(n, 'input is', 'inputs are')} steady.`,
  },

  versions: {
    title: 'Versions',
    version: 'Version',
    since: 'Champion since',
    taught: 'Taught as of',
    threshold: 'Threshold',
    certificate: 'Certificate',
    now: 'Champion',
  },

  inputs: { title: 'What it looks at', count: (n: number) => plural(n, 'input', 'inputs') },
  card: { show: 'Read it', hide: 'Fold it up', title: 'Model card', help: (n: number) => `As it was written down when the model was taught, of ${customers(n)}.` },
};
