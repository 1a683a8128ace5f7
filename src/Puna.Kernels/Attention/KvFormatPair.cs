namespace Puna.Kernels.Attention;

/// <summary>How keys and values that come one by one are stored; each for itself.</summary>
/// <param name="Keys">Storage of the keys.</param>
/// <param name="Values">Storage of the values.</param>
public readonly record struct KvFormatPair(KvSlotFormat Keys, KvSlotFormat Values);
