using Puna.Engine.Decoding;
using Puna.Engine.Runtime;

namespace Puna.Engine.Tests.Decoding;

/// <summary>Masked diffusion at its plainest: a block of masks behind everything known, of which each pass fills the surest row.</summary>
internal sealed class FillingDecoder(int mask, int size) : IDecoder
{
    private readonly int[] _block = [.. Enumerable.Repeat(mask, size)];

    public int MaximumRows => size;

    public int Passes { get; private set; }

    public void Propose(DecodingState state, Proposal proposal)
    {
        foreach (var token in _block)
        {
            proposal.Add(token, proposal.Count - 1);
        }

        proposal.MakeBlock();
        for (var index = 0; index < size; index++)
        {
            if (_block[index] == mask)
            {
                proposal.Ask(proposal.Root + 1 + index);
            }
        }
    }

    public Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs)
    {
        Passes++;
        var (best, place, token) = (0.0, -1, -1);
        for (var asked = 0; asked < outputs.Rows; asked++)
        {
            var logits = outputs.Logits(asked);
            logits[mask] = float.NegativeInfinity;
            var (top, sum) = (Puna.Kernels.Elementwise.ArgMax.Of(logits), 0.0);
            foreach (var logit in logits)
            {
                sum += Math.Exp(logit - (double)logits[top]);
            }

            var row = proposal.LogitRows[asked] - proposal.Root - 1;
            (best, place, token) = 1 / sum > best ? (1 / sum, row, top) : (best, place, token);
        }

        _block[place] = token;
        if (Array.IndexOf(_block, mask) >= 0)
        {
            return Verdict.Rerun;
        }

        foreach (var id in _block)
        {
            state.Take(id);
        }

        Array.Fill(_block, mask);
        return Verdict.Keep([]);
    }

    public void Dispose() { }
}
