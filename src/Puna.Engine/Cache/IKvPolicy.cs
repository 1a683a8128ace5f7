namespace Puna.Engine.Cache;

/// <summary>
/// One stage of what happens to keys and values beyond storing them: dropping, moving, selecting, re-encoding. A stage
/// implements the hooks that it uses; what it remembers of a sequence is a <see cref="KvPolicyState"/>. No hook ever sees an
/// uncommitted token, save <see cref="BeforeAttend"/>, whose pages include the tail that is being attended to.
/// <para>
/// A commit calls, in this order: <see cref="OnAppend"/> for each lane, <see cref="OnSeal"/> for each block that became full,
/// <see cref="OnCommit"/>, and after the last chunk of a prompt <see cref="AfterPrefill"/> for each bank. Slots may be dropped,
/// moved and packed in the last two and in <see cref="OnRound"/>; in the first two only their content may change.
/// </para>
/// </summary>
internal interface IKvPolicy
{
    /// <summary>The name that users type.</summary>
    string Name { get; }

    /// <summary>Name and every option that changes what is stored: part of the key of the prefix tree and of snapshots.</summary>
    string Fingerprint { get; }

    /// <summary>What the stage must be given.</summary>
    KvNeeds Needs { get; }

    /// <summary>What the stage does.</summary>
    KvEffects Effects { get; }

    /// <summary>
    /// How many of a prompt's last tokens <see cref="AfterPrefill"/> must be given the queries of, w; for a stage that needs
    /// <see cref="KvNeeds.ObservedQueries"/>.
    /// </summary>
    int ObservedQueries => 0;

    /// <summary>
    /// Queries that share one selection: <see cref="BeforeAttend"/> is called for each run of so many, with a list of pages of
    /// its own. 0 = all queries of a segment.
    /// </summary>
    int QueryBlock => 0;

    /// <summary>
    /// The forms that the stage seals blocks in by <see cref="KvEntry.Seal"/>, the same ones for all its life. Room for one
    /// block of each is made with every 32 tokens.
    /// </summary>
    IReadOnlyList<KvForm> Forms => [];

    /// <summary>What the stage will remember of a new sequence; null for nothing.</summary>
    KvPolicyState? CreateState() => null;

    /// <summary>Tokens were committed; in this lane they lie in some entries, the first of which may hold older ones too.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="firstEntry">First entry that holds some of them.</param>
    /// <param name="endEntry">The entry behind the last one.</param>
    /// <param name="adopted">They came with their keys and values from the prefix tree or a snapshot, as this policy left them there.</param>
    void OnAppend(KvSequence sequence, KvLane lane, int firstEntry, int endEntry, bool adopted) { }

    /// <summary>The block is full and all of it committed: it, or one before it, may be sealed in a form of the stage's own.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="entry">The entry of the block.</param>
    /// <param name="adopted">It came from the prefix tree or a snapshot, and was sealed by this policy before.</param>
    void OnSeal(KvSequence sequence, KvLane lane, int entry, bool adopted) { }

    /// <summary>Tokens became final.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="tokens">Their ids.</param>
    /// <param name="nll">-log p of each, in nats; empty unless a stage needs it.</param>
    void OnCommit(KvSequence sequence, ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll) { }

    /// <summary>The last chunk of a prompt is committed; called once for each bank, when the stage needs the queries.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="bank">The bank.</param>
    /// <param name="queries">The last queries of every layer that reads the bank.</param>
    void AfterPrefill(KvSequence sequence, int bank, in KvObservedQueries queries) { }

    /// <summary>Attention of a layer is about to run; called for stages that select (<see cref="KvEffects.SelectsOnly"/>).</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="plan">Queries and pages, to be narrowed.</param>
    void BeforeAttend(KvSequence sequence, ref KvAttendPlan plan) { }

    /// <summary>A round of decoding ended: what it chose is committed.</summary>
    void OnRound(KvSequence sequence) { }

    /// <summary>Committed tokens were taken back.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="length">Tokens from this position on are gone.</param>
    void OnTruncate(KvSequence sequence, int length) { }

    /// <summary>Memory is short: drop what is least missed; called for stages that drop (<see cref="KvEffects.DropsSlots"/>).</summary>
    /// <param name="sequence">A live sequence, which is in no pass.</param>
    /// <param name="bytesNeeded">Bytes that are lacking.</param>
    void Evict(KvSequence sequence, long bytesNeeded) { }
}
