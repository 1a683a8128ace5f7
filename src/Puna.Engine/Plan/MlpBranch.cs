namespace Puna.Engine.Plan;

/// <summary>The SwiGLU multilayer perceptron of a layer: W_down (silu(W_gate x) * W_up x).</summary>
/// <param name="Width">f.</param>
/// <param name="Bias">Bias on all three projections.</param>
public sealed record MlpBranch(int Width, bool Bias);
