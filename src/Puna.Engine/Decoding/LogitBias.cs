namespace Puna.Engine.Decoding;

/// <summary>Adds a number to the logits of some ids.</summary>
internal sealed class LogitBias(SamplingOptions options) : ILogitProcessor
{
    private readonly (int Id, float Bias)[] _biases =
    [
        .. options.LogitBias.Select(pair => (pair.Key, pair.Value)),
    ];

    /// <summary>Whether any id has a bias.</summary>
    public static bool IsNeeded(SamplingOptions options) => options.LogitBias.Count > 0;

    /// <inheritdoc/>
    public void Apply(Span<float> logits)
    {
        foreach (var (id, bias) in _biases)
        {
            logits[id] += bias;
        }
    }
}
