using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// One stage of what happens to keys and values beyond storing them: dropping, moving, selecting, re-encoding. A stage
/// implements the hooks that it uses. No hook ever sees an uncommitted token, save <see cref="BeforeAttend"/>, whose
/// pages include the tail that is being attended to.
/// </summary>
public interface IKvPolicy
{
    /// <summary>The name that users type.</summary>
    string Name { get; }

    /// <summary>Name and every option that changes what is stored: part of the key of the prefix tree and of snapshots.</summary>
    string Fingerprint { get; }

    /// <summary>What the stage must be given.</summary>
    KvNeeds Needs { get; }

    /// <summary>What the stage does.</summary>
    KvEffects Effects { get; }

    /// <summary>Tokens were committed; they lie in the entries [firstEntry, endEntry), the first of which may hold older ones too.</summary>
    void OnAppend(KvSequence sequence, int firstEntry, int endEntry) { }

    /// <summary>The block is full and all of it committed: it may be re-encoded.</summary>
    void OnSeal(KvSequence sequence, int entry) { }

    /// <summary>The last chunk of a prompt is committed; called once for each bank.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="bank">The bank.</param>
    /// <param name="queries">Rotated queries of the last prompt tokens, [T, H, d].</param>
    /// <param name="tokens">T.</param>
    void AfterPrefill(KvSequence sequence, int bank, NativeSpan<float> queries, int tokens) { }

    /// <summary>Attention over a bank is about to run.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="queries">Rotated queries at offset 0, [T, H, d].</param>
    /// <param name="tokens">T.</param>
    /// <param name="plan">The pages to attend to, to be narrowed.</param>
    void BeforeAttend(
        KvSequence sequence,
        NativeSpan<float> queries,
        int tokens,
        ref KvAttendPlan plan
    ) { }

    /// <summary>Tokens became final. <paramref name="nll"/> is empty unless a stage needs it.</summary>
    void OnCommit(KvSequence sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll) { }

    /// <summary>Memory is short: drop what is least missed. Returns the number of slots dropped.</summary>
    int Evict(KvSequence sequence, long bytesNeeded) => 0;
}
