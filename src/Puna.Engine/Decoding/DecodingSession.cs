using Puna.Engine.Runtime;

namespace Puna.Engine.Decoding;

/// <summary>
/// Takes a sequence through the steps of a decoder. <see cref="Step"/> runs one alone; a scheduler that runs the rows of
/// several sequences in one pass calls its halves, <see cref="Propose"/> and <see cref="Judge"/>. Either is followed by
/// <see cref="Commit"/>, when it is known how many of the chosen tokens stay. Allocates nothing for a step.
/// </summary>
internal sealed class DecodingSession
{
    private readonly DecodingState _state;
    private readonly ISequence _sequence;
    private readonly IDecoder _decoder;
    private readonly Proposal _proposal;
    private readonly int[] _path;
    private readonly int _promptRows;
    private readonly int _givenRows;
    private int _kept;

    /// <summary>Joins a decoder and a sequence.</summary>
    /// <param name="decoder">The decoder.</param>
    /// <param name="state">The sequence, with at least one id that is not committed.</param>
    /// <param name="promptRows">Most rows of the prompt in one pass; the sequence may allow fewer.</param>
    /// <exception cref="InputException">The decoder adds more rows than a pass takes.</exception>
    public DecodingSession(IDecoder decoder, DecodingState state, int promptRows)
    {
        _sequence = state.Sequence;
        var room = _sequence.MaximumRows - decoder.MaximumRows;
        if (room < 1)
        {
            throw new InputException(
                $"The decoder adds up to {decoder.MaximumRows} rows to a step, but a pass has {_sequence.MaximumRows}; choose shorter drafts."
            );
        }

        _decoder = decoder;
        _state = state;
        _promptRows = promptRows;

        // Losses come from the reader of prompts: it then reads all but the last id.
        _givenRows = _sequence.NeedsLosses ? 1 : Math.Min(promptRows, room);
        _proposal = new Proposal(_givenRows + decoder.MaximumRows);
        _path = new int[_givenRows + decoder.MaximumRows];
    }

    /// <summary>
    /// Reads the prompt but for its last rows, which the first step runs: a step computes what is known and chooses what
    /// follows, be it the end of a prompt or one token.
    /// </summary>
    /// <param name="progress">Told after each pass the share of the ids that are committed.</param>
    /// <param name="cancellation">Ends the reading between two passes.</param>
    /// <returns>False when it was cancelled.</returns>
    public bool ReadPrompt(IProgress<double>? progress, CancellationToken cancellation)
    {
        var pending = _sequence.Ids.Length - _sequence.Committed;
        if (pending > _givenRows)
        {
            // Whole chunks, so that the first step gets what is left.
            var rows = Math.Min(_promptRows, _sequence.MaximumRows);
            var chunks = (pending - _givenRows + rows - 1) / rows;
            var read = Math.Min(chunks * rows, pending - 1);
            SequenceReader.Read(
                _sequence,
                _sequence.Committed + read,
                rows,
                progress,
                cancellation
            );
        }

        return !cancellation.IsCancellationRequested;
    }

    /// <summary>Proposes, runs and judges; the chosen tokens are then at the end of the state, and nothing is committed yet.</summary>
    public void Step()
    {
        var proposal = Propose();

        // Whatever is cut, the prompt stays but for its last id.
        var prompt = _state.PromptLength - _sequence.Committed;
        _sequence.Run(
            new NewRows(
                proposal.Tokens,
                proposal.TreeParents,
                proposal.IsBlock,
                endsPrompt: prompt > 0,
                certain: Math.Clamp(prompt - 1, 0, proposal.Root)
            )
        );
        var rows = proposal.LogitRows;
        Judge(
            new Outputs(
                rows.Length,
                _sequence.Logits(rows),
                proposal.WantsHidden ? _sequence.Hidden(rows) : []
            )
        );
    }

    /// <summary>What the decoder wants to have run next.</summary>
    public Proposal Propose()
    {
        var ids = _sequence.Ids;
        _proposal.Begin(
            ids[_sequence.Committed..],
            Math.Min(_decoder.MaximumRows, _sequence.ContextLength - ids.Length)
        );
        _decoder.Propose(_state, _proposal);
        return _proposal;
    }

    /// <summary>Lets the decoder choose from what was computed for its proposal, which is in the tail of the sequence.</summary>
    /// <exception cref="InvalidOperationException">The decoder kept rows and chose no token, or chose some and asked to run again.</exception>
    public void Judge(in Outputs outputs)
    {
        var before = _sequence.Ids.Length;
        var verdict = _decoder.Judge(_state, _proposal, outputs);
        if (verdict.IsRerun != (_sequence.Ids.Length == before))
        {
            throw new InvalidOperationException(
                $"{_decoder.GetType().Name} must choose a token in every step that it does not ask to run again, and none in one that it does."
            );
        }

        verdict.Path.CopyTo(_path);
        _kept = verdict.Path.Length;
    }

    /// <summary>
    /// Ends a step: takes back the choices behind the first <paramref name="chosen"/>, and commits the kept rows of all ids
    /// but the last. No row behind a cut is ever committed.
    /// </summary>
    /// <param name="chosen">How many of all tokens chosen in this state stay.</param>
    public void Commit(int chosen)
    {
        var last = _state.PromptLength + chosen - 1;
        var rows = Math.Min(_kept, last - _sequence.Committed);
        _sequence.Compact(_path.AsSpan(0, rows));
        _sequence.Commit(rows);
        _sequence.EndRound();
        _state.Retract(chosen);
    }
}
