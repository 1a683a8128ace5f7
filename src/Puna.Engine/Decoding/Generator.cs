using Puna.Engine.Text;

namespace Puna.Engine.Decoding;

/// <summary>
/// Generates: reads the prompt in chunks, then lets a decoder choose tokens until one of the reasons of
/// <see cref="StopReason"/> holds. Allocates nothing for a token, log probabilities aside.
/// </summary>
public sealed class Generator
{
    private readonly IDecodingTarget _target;
    private readonly ITokenizer? _tokenizer;
    private readonly IDecoder _decoder;
    private readonly TimeProvider _time;

    /// <summary>Makes a generator for one sequence.</summary>
    /// <param name="target">The sequence.</param>
    /// <param name="tokenizer">Makes text of ids; without it there are ids only.</param>
    /// <param name="decoder">Null = plain decoding.</param>
    /// <param name="time">Clock; null = the system's.</param>
    public Generator(
        IDecodingTarget target,
        ITokenizer? tokenizer,
        IDecoder? decoder = null,
        TimeProvider? time = null
    )
    {
        _target = target;
        _tokenizer = tokenizer;
        _decoder = decoder ?? new PlainDecoder();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Generates behind a prompt.</summary>
    /// <param name="prompt">
    /// All ids of the sequence so far. What the target has in its cache must be their beginning; only the rest is run.
    /// </param>
    /// <param name="options">What to generate.</param>
    /// <param name="handler">Told of each token as soon as it is chosen.</param>
    /// <param name="cancellation">Ends the generation between two tokens or chunks; no exception.</param>
    /// <returns>The ids. The target then holds the prompt and all of them but the last.</returns>
    /// <exception cref="InputException">An option is outside its range, or the prompt is empty, too long or has unknown ids.</exception>
    public GenerationResult Run(
        ReadOnlySpan<int> prompt,
        GenerationOptions options,
        GenerationHandler? handler = null,
        CancellationToken cancellation = default
    )
    {
        options.Validate();
        CheckPrompt(prompt);
        var start = _time.GetTimestamp();
        var room = _target.ContextLength - prompt.Length;
        var limit = Math.Min(options.MaximumTokens ?? room, room);
        var vocabulary = _target.VocabularySize;
        var state = new DecodingState(
            prompt,
            new Sampler(options.Sampling, vocabulary),
            limit + _decoder.MaximumNodes,
            options.TopLogprobs is { } top ? new LogprobReader(vocabulary, top) : null
        );
        var text = new GenerationText(_tokenizer, prompt, options);
        var session = new DecodingSession(_target, _decoder, state);

        // The logits after the last token of the prompt are needed, so that it is run in any case.
        _target.Truncate(Math.Min(_target.Length, prompt.Length - 1));
        var held = _target.Length;
        var first = start;
        var emitted = 0;
        StopReason? reason = limit == 0 ? StopReason.Length : null;
        try
        {
            if (reason is null && !ReadPrompt(session, options.PromptChunk, cancellation))
            {
                reason = StopReason.Cancelled;
            }

            var run = _target.Length - held;
            first = _time.GetTimestamp();
            while (reason is null)
            {
                while (reason is null && emitted < state.Chosen.Length)
                {
                    reason = Emit(state, emitted++, limit, options, text, handler);
                }

                if (reason is null && cancellation.IsCancellationRequested)
                {
                    reason = StopReason.Cancelled;
                    var rest = text.Finish([]);
                    if (rest.Length > 0)
                    {
                        handler?.Invoke(new GenerationStep(-1, rest, null));
                    }
                }

                if (reason is null)
                {
                    session.Step();
                }
            }

            DropUnused(state, emitted);
            return new GenerationResult
            {
                Ids = state.Chosen.ToArray(),
                StopReason = reason.Value,
                StopString = text.Found,
                PromptTokens = prompt.Length,
                PromptTokensRun = run,
                PromptTime = _time.GetElapsedTime(start, first),
                DecodeTime = _time.GetElapsedTime(first),
                Seed = state.Sampler.Seed,
            };
        }
        catch
        {
            // What a failed pass left in the tail is of no use.
            _target.Truncate(_target.Length);
            throw;
        }
    }

    private bool ReadPrompt(DecodingSession session, int chunk, CancellationToken cancellation)
    {
        chunk = Math.Min(chunk, _target.MaximumBatch);
        while (!cancellation.IsCancellationRequested)
        {
            if (session.ReadPrompt(chunk))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Hands out the chosen token at an index; returns the reason to stop after it, or null.</summary>
    private StopReason? Emit(
        DecodingState state,
        int index,
        int limit,
        GenerationOptions options,
        GenerationText text,
        GenerationHandler? handler
    )
    {
        var id = state.Chosen[index];
        StopReason? reason = null;
        ReadOnlySpan<char> piece = [];
        if (IsStop(id, options))
        {
            reason = StopReason.StopId;
        }
        else
        {
            piece = text.Append(id);
            if (text.Found is not null)
            {
                reason = StopReason.StopText;
            }
            else if (index + 1 == limit)
            {
                reason = limit == options.MaximumTokens ? StopReason.Length : StopReason.Context;
            }
        }

        if (reason is not null)
        {
            piece = text.Finish(piece);
        }

        handler?.Invoke(new GenerationStep(id, piece, state.Logprobs(index)));
        return reason;
    }

    private bool IsStop(int id, GenerationOptions options)
    {
        var stops = options.StopIds;
        for (var i = 0; i < stops.Count; i++)
        {
            if (stops[i] == id)
            {
                return true;
            }
        }

        return !options.IgnoreEnd && _tokenizer is not null && _tokenizer.IsEnd(id);
    }

    /// <summary>A step may have chosen tokens behind the one that ended the generation.</summary>
    private void DropUnused(DecodingState state, int emitted)
    {
        if (state.Chosen.Length > emitted)
        {
            state.Retract(emitted);
            _target.Truncate(state.PromptLength + emitted - 1);
        }
    }

    private void CheckPrompt(ReadOnlySpan<int> prompt)
    {
        if (prompt.IsEmpty)
        {
            throw new InputException(
                "The prompt has no token; at least one is needed to go on from."
            );
        }

        if (prompt.Length >= _target.ContextLength)
        {
            throw new InputException(
                $"The prompt has {prompt.Length} tokens, but the context holds {_target.ContextLength} and one must be left for the answer; shorten the prompt or choose a larger context."
            );
        }

        foreach (var id in prompt)
        {
            if ((uint)id >= (uint)_target.VocabularySize)
            {
                throw new InputException(
                    $"The prompt has token {id}, but ids go from 0 to {_target.VocabularySize - 1}."
                );
            }
        }
    }
}
