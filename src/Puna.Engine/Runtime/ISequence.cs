namespace Puna.Engine.Runtime;

/// <summary>
/// One token sequence of a model. Its ids are known first and computed later: of <see cref="Ids"/> the first
/// <see cref="Committed"/> have their keys and values in the cache for good. <see cref="Run"/> puts rows behind them,
/// tentatively; then <see cref="Commit"/> makes some of them final, where they ran the ids that stand there.
/// </summary>
public interface ISequence
{
    /// <summary>Logits in a row; ids lie in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>Longest sequence, prompt and answer together.</summary>
    int ContextLength { get; }

    /// <summary>Most rows of one <see cref="Run"/>.</summary>
    int MaximumRows { get; }

    /// <summary>Whether the loss of each id must be told (<see cref="SetLoss"/>) before it is committed.</summary>
    bool NeedsLosses { get; }

    /// <summary>All ids so far.</summary>
    ReadOnlySpan<int> Ids { get; }

    /// <summary>How many of the first ids are computed for good.</summary>
    int Committed { get; }

    /// <summary>True for ids with which the model ends its answer.</summary>
    bool IsEnd(int id);

    /// <summary>Makes room for <paramref name="length"/> ids, so that no later one allocates.</summary>
    void Reserve(int length);

    /// <summary>Adds ids, which are not computed yet.</summary>
    void Append(params ReadOnlySpan<int> ids);

    /// <summary>
    /// Tells -log p of the id at <paramref name="index"/>, in nats, given those before it. It is 0 until it is told: of the
    /// first id, and of the first behind keys and values that were there before, it is not known.
    /// </summary>
    void SetLoss(int index, float loss);

    /// <summary>
    /// Computes rows behind the committed ids; they are the tail until they are committed or dropped, and there must be
    /// none before. The tokens need not be ids of the sequence.
    /// </summary>
    void Run(in NewRows rows);

    /// <summary>Logits [rows, V] after rows of the last <see cref="Run"/>, in any order; may be overwritten, and are good until the next call.</summary>
    Span<float> Logits(ReadOnlySpan<int> rows);

    /// <summary>What the head reads, [rows, d], at rows of the last <see cref="Run"/>; good until the next call.</summary>
    Span<float> Hidden(ReadOnlySpan<int> rows);

    /// <summary>Keeps only the listed rows of the tail, ascending, moved together.</summary>
    void Compact(ReadOnlySpan<int> rows);

    /// <summary>Makes the first <paramref name="rows"/> rows of the tail final and drops the rest of it.</summary>
    /// <exception cref="InvalidOperationException">A row ran another token than the id that stands in its place.</exception>
    void Commit(int rows);

    /// <summary>A round of decoding ended: what it chose is committed, and policies may put the cache in order.</summary>
    void EndRound();

    /// <summary>Drops the tail, and all ids from index <paramref name="length"/> on. Where a window gave keys up that would be needed
    /// again, fewer of the ids that stay are committed then, and they are computed anew.</summary>
    void Truncate(int length);
}
