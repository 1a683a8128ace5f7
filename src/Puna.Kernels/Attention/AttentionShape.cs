namespace Puna.Kernels.Attention;

/// <summary>Shape and rule of one attention call.</summary>
/// <param name="QueryHeads">H.</param>
/// <param name="KvHeads">Hk; H is a multiple of it, query head h reads KV head h / (H / Hk).</param>
/// <param name="HeadDim">d.</param>
/// <param name="Scale">Multiplies q . k before the softmax, usually 1 / sqrt(d).</param>
/// <param name="Window">A query at position p sees keys at positions in (p - Window, p]; 0 means all up to p.</param>
public readonly record struct AttentionShape(
    int QueryHeads,
    int KvHeads,
    int HeadDim,
    float Scale,
    int Window
);
