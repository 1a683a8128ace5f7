namespace Puna.Engine.Plan;

/// <summary>One layer of a plan: x += attention(norm(x)); x += mlp(norm(x)).</summary>
/// <param name="Index">Number of the layer, from 0.</param>
/// <param name="Attention">The mixer.</param>
/// <param name="Mlp">The multilayer perceptron.</param>
/// <param name="PostNorm">Each branch's result is normalised before it is added.</param>
public sealed record LayerSpec(int Index, AttentionBranch Attention, MlpBranch Mlp, bool PostNorm);
