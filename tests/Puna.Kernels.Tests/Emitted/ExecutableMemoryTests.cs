using Puna.Kernels.Emitted;

namespace Puna.Kernels.Tests.Emitted;

public sealed unsafe class ExecutableMemoryTests
{
    [Fact]
    public void Code_is_kept_and_runs()
    {
        Assert.SkipUnless(EmittedCode.IsWanted, "This process uses no emitted code.");
        var assembler = new Assembler();
        assembler.Move(Register.Rax, 40);
        assembler.Add(Register.Rax, 2);
        assembler.Return();
        var code = ExecutableMemory.Load(assembler.Code);
        Assert.True(code != null);
        Assert.Equal(
            assembler.Code.ToArray(),
            new ReadOnlySpan<byte>(code, assembler.Code.Length).ToArray()
        );
        Assert.Equal(42, ((delegate* unmanaged<long>)code)());
    }
}
