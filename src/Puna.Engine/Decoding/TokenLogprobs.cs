namespace Puna.Engine.Decoding;

/// <summary>Log probabilities, in nats, of the model's own distribution: no penalty, no temperature, no filter.</summary>
/// <param name="Id">The token that was chosen.</param>
/// <param name="Logprob">Its log probability.</param>
/// <param name="Top">The most probable tokens, in descending order, lower ids first among equals.</param>
internal sealed record TokenLogprobs(
    int Id,
    float Logprob,
    IReadOnlyList<(int Id, float Logprob)> Top
);
