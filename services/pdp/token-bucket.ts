/** How often somebody may ask. Both are whole numbers from 1 to a million. */
export interface RateLimit {
  readonly rate_per_second: number;
  /** How many requests may come at once. */
  readonly burst: number;
}

export const MOST_RATE = 1_000_000;

const MICROS_PER_SECOND = 1_000_000;

/**
 * A token bucket without a timer, in whole numbers, so that nothing is ever rounded in favour of who asks: of `parts` buckets,
 * each gets that part of the rate and of the burst. All figures stay under 2^53.
 */
export class TokenBucket {
  /** What one request costs, in units of which `rate_per_second` come in each microsecond. */
  readonly #cost: number;
  readonly #rate: number;
  readonly #capacity: number;
  #level: number;
  #filledAt: number;

  /** @param nowMicros whole microseconds on a clock that never goes back. */
  constructor({ rate_per_second, burst }: RateLimit, parts: number, nowMicros: number) {
    this.#rate = rate_per_second;
    this.#cost = MICROS_PER_SECOND * parts;
    // Less than one whole request would never let any pass.
    this.#capacity = Math.max(burst * MICROS_PER_SECOND, this.#cost);
    this.#level = this.#capacity;
    this.#filledAt = nowMicros;
  }

  /** The most requests that it ever lets pass at once. */
  get most(): number {
    return Math.floor(this.#capacity / this.#cost);
  }

  /**
   * Takes room for all of these requests, or for none.
   * @param count at most {@link TokenBucket.most}.
   * @returns 0 where they pass, else microseconds until they would.
   */
  take(count: number, nowMicros: number): number {
    this.#fill(nowMicros);
    const wanted = count * this.#cost;
    if (wanted <= this.#level) {
      this.#level -= wanted;
      return 0;
    }

    return Math.ceil((wanted - this.#level) / this.#rate);
  }

  #fill(nowMicros: number): void {
    const elapsed = nowMicros - this.#filledAt;
    if (elapsed <= 0) return;

    this.#filledAt = nowMicros;
    // First whether it is full, since after a long pause the product would be too large to be exact.
    const missing = this.#capacity - this.#level;
    this.#level = elapsed >= missing / this.#rate ? this.#capacity : this.#level + elapsed * this.#rate;
  }
}
