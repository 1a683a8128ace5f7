namespace Puna.Engine.Cache;

/// <summary>One KV head of one bank: what a page holds 32 slots of.</summary>
/// <param name="Bank">The bank.</param>
/// <param name="Head">The head inside the bank.</param>
internal readonly record struct KvCell(int Bank, int Head);
