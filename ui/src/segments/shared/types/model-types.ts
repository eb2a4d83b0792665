/** What the service tells of models as plain data, spelled out. */

/** What is promised of a model's scores among some customers. */
export type Certificate = Certified | NotCertified;

export interface Certified {
  certified: true;
  level: number;
  confidence: number;
  threshold: number;
  expires: string;
  words: string;
}

export interface NotCertified {
  certified: false;
  words: string;
}

/** By population: `all` customers, and `active` ones. */
export type Certificates = Partial<Record<string, Certificate>>;

/** One night whose forecasts have come of age. */
export interface Matured {
  night: string;
  seen: number;
  correct: number;
}

export interface Withdrawal {
  since: string;
  why: string;
}

/** How far one input has moved since about a month before. */
export interface Drift {
  field: string;
  psi: number;
  threshold: number;
  drifted: boolean;
}
