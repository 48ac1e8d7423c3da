/** What the callers have learnt from answers of each row's state; it may be out of date, as they race each other. */

/** A row that somebody may go on with. */
export interface Entity {
  id: string;
  status: string;
  /** Of a session. */
  attempt?: number;
}

export const kinds = ["exec_session", "quality_checkpoint", "handoff", "telemetry_run", "okr_generation"] as const;
export type Kind = (typeof kinds)[number];

/** How many of each are kept: few enough for callers to meet at the same row. */
const KEPT: Record<Kind, number> = {
  exec_session: 14,
  quality_checkpoint: 30,
  handoff: 12,
  telemetry_run: 12,
  okr_generation: 6,
};

export class Known {
  readonly #entities = new Map<Kind, Map<string, Entity>>(kinds.map((kind) => [kind, new Map()]));
  /** Directives without a session, the next one first. */
  readonly directives: string[] = [];
  #periods = 0;

  of(kind: Kind): Entity[] {
    return [...(this.#entities.get(kind) as Map<string, Entity>).values()];
  }

  /** The oldest goes when there are too many. */
  learn(kind: Kind, entity: Entity): void {
    const found = this.#entities.get(kind) as Map<string, Entity>;
    found.set(entity.id, { ...found.get(entity.id), ...entity });
    const [oldest] = found.keys();
    if (found.size > KEPT[kind] && oldest !== undefined) found.delete(oldest);
  }

  /** A month now and then, so that several callers want the same one. */
  period(): string {
    this.#periods += 1;
    const month = Math.floor(this.#periods / 4) % (12 * 9000);
    return `${1000 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
  }
}
