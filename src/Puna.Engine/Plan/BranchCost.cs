namespace Puna.Engine.Plan;

/// <summary>What a branch costs for a token of a sequence (a multiply-add counts 2).</summary>
/// <param name="Linear">FLOPs that do not depend on the position: the products with its matrices.</param>
/// <param name="MeanMixing">FLOPs over earlier tokens, mean over the positions of the sequence.</param>
/// <param name="LastMixing">FLOPs over earlier tokens at the last position.</param>
/// <param name="KvRead">Elements of keys and values read at the last position.</param>
public readonly record struct BranchCost(
    double Linear,
    double MeanMixing,
    double LastMixing,
    long KvRead
);
