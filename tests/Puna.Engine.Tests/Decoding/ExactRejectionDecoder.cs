using Puna.Engine.Decoding;
using Puna.Engine.Runtime;

namespace Puna.Engine.Tests.Decoding;

/// <summary>
/// Speculative sampling (Leviathan et al. 2023) with one distribution q for every draft: y ~ q is accepted when
/// u &lt;= p(y) / q(y), else the token comes from norm(max(0, p - q)).
/// </summary>
internal sealed class ExactRejectionDecoder(double[] q, int rows) : IDecoder
{
    private readonly double[] _rest = new double[q.Length];

    public int MaximumRows => rows;

    public int Accepted { get; private set; }

    public int Rejected { get; private set; }

    public void Propose(DecodingState state, Proposal proposal)
    {
        while (proposal.Count < proposal.Capacity)
        {
            proposal.Add(Draw(q, state.Sampler.NextUniform()), proposal.Count - 1);
        }
    }

    public Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs)
    {
        proposal.BeginPath();
        for (var row = proposal.Root; ; row++)
        {
            var p = state.Distribution(outputs.Logits(row - proposal.Root));
            Array.Clear(_rest);
            for (var i = 0; i < p.Ids.Length; i++)
            {
                _rest[p.Ids[i]] = p.Probability(i);
            }

            if (row + 1 == proposal.Count)
            {
                state.Take(Draw(_rest, state.Sampler.NextUniform()));
                return Verdict.Keep(proposal.Path);
            }

            var guess = proposal.Tokens[row + 1];
            if (state.Sampler.NextUniform() * q[guess] <= _rest[guess] && _rest[guess] > 0)
            {
                Accepted++;
                proposal.Keep(row + 1);
                state.Take(guess);
                continue;
            }

            Rejected++;
            for (var id = 0; id < q.Length; id++)
            {
                _rest[id] = Math.Max(0, _rest[id] - q[id]);
            }

            state.Take(Draw(_rest, state.Sampler.NextUniform()));
            return Verdict.Keep(proposal.Path);
        }
    }

    public void Dispose() { }

    private static int Draw(double[] weights, double u)
    {
        var (rest, last) = (u * weights.Sum(), 0);
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] > 0)
            {
                last = id;
                rest -= weights[id];
                if (rest < 0)
                {
                    break;
                }
            }
        }

        return last;
    }
}
