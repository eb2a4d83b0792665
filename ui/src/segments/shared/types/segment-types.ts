/** The JSON of the service's API, `/api/v1`. */
import type { RuleGroupType, RuleType } from '@react-querybuilder/core';

/** One condition, a group of them, and either: react-querybuilder's own wire form. */
export type Condition = RuleType;
export type Group = RuleGroupType<RuleType, 'and' | 'or'>;
export type Node = Condition | Group;

export type Role = 'viewer' | 'marketer' | 'admin';
export type Channel = 'email' | 'sms';

export interface Session {
  name: string;
  role: Role;
  workspace: string;
  currency: string;
  time_zone: string;
  as_of: string | null;
  age_days: number | null;
  stale: boolean;
  version: string;
  mlflow: string | null;
  channels: Channel[];
  export_cap: number;
}

export type Kind = 'number' | 'text' | 'boolean' | 'date' | 'list' | 'segment';
export type ValueShape = 'none' | 'one' | 'two' | 'list' | 'share' | 'count' | 'period' | 'ago' | 'month';

export interface Operator {
  name: string;
  label: string;
  value: ValueShape;
  kinds: Kind[];
}

export interface Field {
  name: string;
  kind: Kind;
  label: string;
  group: string;
  description: string;
  unit: string;
  choices: string[];
  operators: string[];
  suggests: boolean;
  /** Why a rule cannot use it yet; empty when it can. */
  unavailable: string;
  model: { name: string; threshold: number | null; certificate: Record<string, unknown> | null } | null;
}

export interface EventType {
  name: string;
  label: string;
  verb: string;
  fields: Field[];
  modes: string[];
  aggregates: { name: string; of: string[] }[];
}

export interface Catalog {
  fields: Field[];
  events: EventType[];
  operators: Operator[];
  segments: { id: string; name: string }[];
  limits: { depth: number; conditions: number };
}

export interface Problem {
  path: number[] | string;
  message: string;
  hint: string;
}

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  problems: Problem[];
  request_id: string;
}

export type Cell = string | number | boolean | string[] | null;

export interface Customer {
  customer_id: string | number;
  first_name?: string | null;
  last_name?: string | null;
  email?: string | null;
  [field: string]: Cell | undefined;
}

export interface Kept {
  path: number[];
  words: string;
  kept: number;
  dropped: number;
}

export interface Preview {
  count: number | null;
  universe: number | null;
  as_of: string;
  sentence: string;
  sample: Customer[];
  conditions: Kept[];
  problems: Problem[];
  reachable: Record<string, number>;
}

export interface Explanation {
  customer_id: string | number;
  segment: string;
  as_of: string;
  member: boolean;
  sentence: string;
  conditions: { path: number[]; words: string; value: Cell; holds: boolean; wanted: boolean }[];
}

export interface Segment {
  id: string;
  name: string;
  description: string;
  kind: '' | 'dynamic' | 'example' | 'model';
  owner: string;
  version: number;
  saved_at: string | null;
  tags: string[];
  /** False for those that come with the product: a copy can be changed. */
  editable: boolean;
  rule: Group;
  sentence: string;
  count: number | null;
  share: number | null;
  entered: number | null;
  left: number | null;
  trend: { as_of: string; count: number }[];
  unavailable: string;
}

export interface SegmentList {
  as_of: string | null;
  universe: number | null;
  segments: Segment[];
}

export interface SegmentDraft {
  id?: string;
  name: string;
  description?: string;
  tags?: string[];
  rule: Group;
}

export interface SegmentChange {
  name?: string;
  description?: string;
  tags?: string[];
  rule?: Group;
  version: number;
}

export interface Version {
  version: number;
  name: string;
  owner: string;
  saved_at: string;
  sentence?: string;
  rule?: Group;
}

export interface Reason {
  path: number[];
  words: string;
  customers: number;
}

export interface Difference {
  entered: number;
  left: number;
  why_entered: Reason[];
  why_left: Reason[];
}

export type Dialect = 'duckdb' | 'postgres' | 'spark';
