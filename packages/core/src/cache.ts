/** A map that forgets what was not used for the longest time. What is in use elsewhere stays alive there. */
export class Cache<Key, Value> {
  private readonly entries = new Map<Key, Value>();

  constructor(private readonly most: number) {}

  get(key: Key, make: () => Value): Value {
    const found = this.entries.get(key) ?? make();
    // A map keeps the order in which keys came, so the first one is the one to forget.
    this.entries.delete(key);
    this.entries.set(key, found);
    if (this.entries.size > this.most) this.entries.delete(this.entries.keys().next().value!);
    return found;
  }
}
