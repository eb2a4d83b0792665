/** The one cron line that people mean most: every day at a time. */

/** Return the time, as an input of times has it, of a line that says "every day at"; null for any other. */
export function timeOf(cron: string): string | null {
  const [, minute, hour] = /^\s*(\d{1,2})\s+(\d{1,2})\s+\*\s+\*\s+\*\s*$/.exec(cron) ?? [];
  if (minute === undefined || hour === undefined || Number(minute) > 59 || Number(hour) > 23) return null;
  return `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
}

/** Return the line for every day at a time such as 05:30. */
export function dailyAt(time: string): string {
  const [hour, minute] = time.split(':').map(Number);
  return `${minute} ${hour} * * *`;
}
