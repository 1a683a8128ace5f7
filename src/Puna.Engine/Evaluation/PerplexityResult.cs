namespace Puna.Engine.Evaluation;

/// <summary>The outcome of a measurement.</summary>
/// <param name="Predictions">How many ids were predicted.</param>
/// <param name="MeanNll">Mean of -log p in nats.</param>
public readonly record struct PerplexityResult(long Predictions, double MeanNll)
{
    /// <summary>exp of the mean.</summary>
    public double Perplexity => Math.Exp(MeanNll);
}
