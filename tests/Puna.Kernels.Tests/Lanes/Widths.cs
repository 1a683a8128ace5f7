using Puna.Kernels.Lanes;

namespace Puna.Kernels.Tests.Lanes;

/// <summary>Forces the body of one width, whatever the processor has.</summary>
internal static class Widths
{
    public static TheoryData<int> All => [1, 4, 8, 16];

    public static void Run<TJob>(int width, TJob job, int part = 0, int parts = 1)
        where TJob : struct, ILanesJob
    {
        switch (width)
        {
            case 1:
                job.Execute<Lanes1>(part, parts);
                break;
            case 4:
                job.Execute<Lanes4>(part, parts);
                break;
            case 8:
                job.Execute<Lanes8>(part, parts);
                break;
            case 16:
                job.Execute<Lanes16>(part, parts);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(width));
        }
    }
}
