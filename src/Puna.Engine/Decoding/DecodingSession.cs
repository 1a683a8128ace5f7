namespace Puna.Engine.Decoding;

/// <summary>Runs the steps of a decoder on a target. Allocates nothing for a step.</summary>
public sealed class DecodingSession
{
    private readonly IDecodingTarget _target;
    private readonly IDecoder _decoder;
    private readonly DecodingState _state;
    private readonly DraftTree _tree;
    private readonly Acceptance _acceptance;

    /// <summary>Joins a target, a decoder and a sequence of which the target holds the first ids.</summary>
    public DecodingSession(IDecodingTarget target, IDecoder decoder, DecodingState state)
    {
        _target = target;
        _decoder = decoder;
        _state = state;
        _tree = new DraftTree(decoder.MaximumNodes);
        _acceptance = new Acceptance(decoder.MaximumNodes);
    }

    /// <summary>
    /// Runs one chunk of the prompt behind what the target holds; with the last chunk the first token is chosen.
    /// </summary>
    /// <param name="chunk">Most tokens to run.</param>
    /// <returns>True when the prompt is complete.</returns>
    public bool ReadPrompt(int chunk)
    {
        var rest = _state.Ids[_target.Length.._state.PromptLength];
        var isLast = rest.Length <= chunk;
        var tokens = isLast ? rest : rest[..chunk];
        var logits = _target.Forward(tokens, isLast ? 1 : 0, endsPrompt: isLast);
        _target.Commit(tokens);
        if (isLast)
        {
            _state.Choose(logits);
        }

        return isLast;
    }

    /// <summary>One step; returns how many tokens it chose, at least 1. All but the last of all chosen tokens are committed then.</summary>
    /// <exception cref="NotSupportedException">The draft branches and the target runs chains only.</exception>
    public int Step()
    {
        _tree.Clear(_target.ContextLength - _target.Length);
        _acceptance.Clear();
        _decoder.Draft(_state, _tree);
        if (_tree.IsChain)
        {
            var logits = _target.Forward(_tree.Tokens, _tree.Count);
            _decoder.Accept(_state, _tree, logits, _acceptance);
        }
        else if (_target is ITreeDecodingTarget branching)
        {
            var logits = branching.Forward(_tree);
            _decoder.Accept(_state, _tree, logits, _acceptance);
            branching.Compact(_acceptance.Nodes);
        }
        else
        {
            throw new NotSupportedException(
                $"{_decoder.GetType().Name} drafts a branching tree, but the target runs chains only."
            );
        }

        // The ids chosen so far hold the root of the draft and its accepted nodes behind what the target has.
        _target.Commit(_state.Ids.Slice(_target.Length, _acceptance.Count));
        _target.EndRound();
        return _acceptance.Count;
    }
}
