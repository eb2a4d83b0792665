/** What a run tells as plain data, spelled out. */

export interface Step {
  name: string;
  seconds: number;
}

/** Something a person should look at. */
export interface Alert {
  level: 'warning' | 'error';
  words: string;
}
