namespace Puna.Engine.Plan;

/// <summary>Keys and values that one layer makes and any number of layers read.</summary>
/// <param name="Id">Index in <see cref="LayerPlan.Banks"/>.</param>
/// <param name="Producer">The layer whose W_k and W_v fill it.</param>
/// <param name="Heads">Key/value heads Hk.</param>
/// <param name="HeadDim">Head width dh.</param>
public sealed record KvBank(int Id, int Producer, int Heads, int HeadDim);
