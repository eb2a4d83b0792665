/** The words of the analytics. */
import { asCount, asDay, asShare } from './format';
import { customers, plural } from './strings.counting';

export const analytics = {
  heading: 'Analytics',
  views: 'Analytics',
  view: { overlap: 'Overlap', compare: 'Compare two', revenue: 'Revenue' },
  insights: 'Insights',

  segment: {
    edit: 'Edit the rule',
    open: 'Open the rule',
    export: 'Export',
    lookalike: 'Find lookalikes',
    campaign: 'Plan a campaign',
    sections: 'About this segment',
    section: { overview: 'Overview', members: 'Members', movement: 'Movement', versions: 'Versions' },
    asOf: 'As it stood on',
    latest: 'Latest night',
    notCounted: 'Nobody can be counted on this day',
  },

  figures: {
    label: 'In numbers',
    members: 'Members',
    share: (share: number) => `${asShare(share)} of all customers`,
    entered: 'Entered',
    left: 'Left',
    lastNight: 'since the night before',
    revenue: 'Of the revenue',
    revenueHelp: 'of the last 365 days’ spend',
    perMember: 'Spend per member',
    perMemberHelp: (other: string) => `against ${other} of the rest`,
  },

  trend: {
    title: 'Size over time',
    size: 'Members',
    entered: 'Entered',
    left: 'Left',
    few: 'The line begins with the second night that is run.',
    summary: (first: number, last: number, since: string) => `From ${asCount(first)} on ${asDay(since)} to ${asCount(last)}.`,
    table: 'Show as a table',
    hide: 'Hide the table',
    night: 'Night',
    chart: 'Members by night',
    movesChart: 'Entered and left by night',
  },

  averages: {
    title: 'On average',
    measure: 'Measure',
    members: 'Members',
    rest: 'The rest',
    ratio: 'Ratio',
    times: (ratio: string) => `${ratio}×`,
  },

  distribution: {
    title: 'How it is spread',
    field: 'What is shown',
    share: 'Share of customers',
    range: (from: string, to: string) => `${from} – ${to}`,
    none: 'Nothing is known that could be shown.',
    help: (label: string) => `Which share of the members, and of the others, has which ${label}.`,
    chart: (label: string) => `${label}: members and others, by range`,
  },

  differences: {
    title: 'What makes them different',
    help: 'The strongest differences first.',
    none: 'Nothing sets them apart.',
    strength: (size: number) => `${size.toFixed(1)} standard deviations apart`,
  },

  members: {
    title: 'Members',
    search: 'Search by name or id',
    columns: 'Columns',
    columnsHelp: 'Add a column',
    customer: 'Customer',
    count: (n: number) => customers(n),
    range: (from: number, to: number, all: number) => `${asCount(from)}–${asCount(to)} of ${asCount(all)}`,
    previous: 'Previous page',
    next: 'Next page',
    none: 'Nobody',
    noneHelp: 'Nobody fits on this day, or the search finds nobody.',
    sortBy: (label: string) => `Sort by ${label}`,
    why: (name: string) => `Why is ${name} in?`,
    tooMany: (n: number) => `At most ${plural(n, 'column', 'columns')}.`,
  },

  movement: {
    title: 'Who came and who went',
    from: 'From',
    to: 'To',
    entered: (n: number) => `${customers(n)} entered`,
    left: (n: number) => `${customers(n)} left`,
    nobody: 'Nobody.',
    because: 'Changed for them',
    some: (shown: number, all: number) => `${asCount(shown)} of ${asCount(all)} are shown.`,
    order: 'Choose a first day that is before the second.',
  },

  versions: {
    title: 'Versions',
    back: (entered: number, left: number) =>
      entered || left ? `Brought back, ${customers(entered)} would enter and ${asCount(left)} would leave.` : 'Brought back, nobody would enter or leave.',
    shipped: 'Comes with the product',
    added: 'Added',
    removed: 'Removed',
    renamed: (name: string) => `Renamed to “${name}”`,
    same: 'The rule means the same as before.',
    first: 'The first version',
  },

  overlap: {
    title: 'How segments overlap',
    lead: 'Read a row: of its members, how many are also in the segment of the column.',
    choose: 'Segments',
    chooseHelp: 'Add a segment',
    few: 'Choose at least two segments',
    fewHelp: 'How they overlap is shown as soon as there are two.',
    matrix: 'Shared members',
    segment: 'Segment',
    cell: (share: number, row: string, column: string, n: number) => `${asShare(share)} of “${row}” are in “${column}”: ${customers(n)}`,
    itself: 'all',
    combinations: 'Exactly in these',
    combinationsHelp: 'Everybody is counted once: those in just these segments and in none of the others.',
    inside: 'in',
    size: 'Customers',
    none: 'Nobody is in any of them.',
    most: (n: number) => `The ${asCount(n)} largest are shown.`,
  },

  compare: {
    title: 'Compare two segments',
    first: 'Segment',
    second: 'Against',
    rest: 'Everybody else',
    pick: 'Choose two segments that are not the same.',
  },

  revenue: {
    title: 'Whose money it is',
    lead: 'Each segment’s part of the customers, and of what was spent in the last 365 days. Segments overlap, so the parts do not add up.',
    segment: 'Segment',
    members: 'Members',
    customers: 'Of customers',
    revenue: 'Of revenue',
    spend: 'Spend',
    each: 'Per member',
    bars: (customers: number, revenue: number) => `${asShare(customers)} of the customers, ${asShare(revenue)} of the revenue`,
  },
};
