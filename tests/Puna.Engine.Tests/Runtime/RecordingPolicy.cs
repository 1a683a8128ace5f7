using Puna.Engine.Cache;

namespace Puna.Engine.Tests.Runtime;

/// <summary>Writes down every token that a cache is told to be final.</summary>
internal sealed class RecordingPolicy(bool losses) : IKvPolicy
{
    public List<int> Ids { get; } = [];

    public List<float> Losses { get; } = [];

    public string Name => "recording";

    public string Fingerprint => "recording";

    public KvNeeds Needs => losses ? KvNeeds.TokenNll : KvNeeds.None;

    public KvEffects Effects => KvEffects.None;

    /// <summary>A cache with this policy for a model's banks.</summary>
    public KvCache Cache(KvCacheShape shape) => new(shape, new KvPolicyChain([this], Needs));

    public void OnCommit(KvSequence sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll)
    {
        Ids.AddRange(tokens);
        Losses.AddRange(nll);
    }
}
