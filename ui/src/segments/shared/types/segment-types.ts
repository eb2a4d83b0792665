/**
 * What the service says and takes, under the page's own names. All of it is generated from the
 * service (`npm run gen:api`); here it is only told more exactly where JSON's schema cannot.
 */
import type { RuleGroupType, RuleType } from '@react-querybuilder/core';
import type * as api from '../services/api.gen';

/** One condition, a group of them, and either: react-querybuilder's own wire form. */
export type Condition = RuleType;
export type Group = RuleGroupType<RuleType, 'and' | 'or'>;
export type Node = Condition | Group;

type Exactly<Told, Known> = Omit<Told, keyof Known> & Known;
type WithRule<Told> = Exactly<Told, { rule: Group }>;

export type Session = Exactly<api.Session, { role: 'viewer' | 'marketer' | 'admin' }>;

export type Kind = 'number' | 'text' | 'boolean' | 'date' | 'list' | 'segment';
export type Operator = api.OperatorOf;
export type ValueShape = Operator['value'];
export type Field = Exactly<api.FieldOf, { kind: Kind }>;
export type EventType = Exactly<api.EventOf, { fields: Field[] }>;
export type Catalog = Exactly<api.CatalogOf, { fields: Field[]; events: EventType[] }>;

export type Problem = api.Problem;
export type ProblemDocument = api.ProblemDocument;

export type Cell = string | number | boolean | string[] | null;

/** A customer's names, and the fields that were asked for. */
export interface Customer {
  customer_id: string | number;
  first_name?: string | null;
  last_name?: string | null;
  email?: string | null;
  [field: string]: Cell | undefined;
}

export type Preview = Exactly<api.PreviewOf, { sample: Customer[] }>;
export type Explanation = Exactly<api.Explanation, { conditions: Exactly<api.ReasonOf, { value: Cell }>[] }>;

export type Segment = WithRule<Exactly<api.SegmentOf, { kind: '' | 'dynamic' | 'example' | 'model' }>>;
export type SegmentList = Exactly<api.Segments, { segments: Segment[] }>;
export type SegmentDraft = WithRule<api.NewSegment>;
export type SegmentChange = Exactly<api.ChangedSegment, { rule?: Group }>;
export type Version = WithRule<api.VersionOf>;
export type Difference = api.DifferenceOf;
export type Reason = api.CauseOf;
export type Dialect = NonNullable<api.AskedSql['dialect']>;
