namespace Puna.Engine.Cache;

/// <summary>
/// Shape of one KV bank: the keys and values that one layer produces and any number of layers read.
/// </summary>
/// <param name="KvHeads">Key/value heads Hk.</param>
/// <param name="HeadDim">Head width d.</param>
/// <param name="Window">A query at position p sees no key at p - Window or before in any reader; 0 = some reader sees all.</param>
public readonly record struct KvBankShape(int KvHeads, int HeadDim, int Window = 0);
